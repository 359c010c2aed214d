#!/usr/bin/env node
import '../dist/dcos-swarm.js';
