#!/usr/bin/env node
import '../dist/dcos.js';
