#!/usr/bin/env node
// Installed before the program is built, so that the link in node_modules/.bin can be made.
import '../dist/main.js';
