#!/usr/bin/env node
import '../dist/dcos-service.js';
