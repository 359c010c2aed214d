#!/usr/bin/env node
import '../dist/dcos-cluster.js';
