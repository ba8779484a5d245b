#!/usr/bin/env node
// Read by whatever Node there is: no static import here and nothing younger than Node 12, or the reader would get a
// SyntaxError in place of the one sentence that helps.
const [major, minor] = process.versions.node.split('.').map(Number)

if (major > 24 || (major === 24 && minor >= 11)) {
  void import('./start.js')
} else {
  console.error('Consulate needs Node 24.11 or later; this is Node ' + process.versions.node + '.')
  process.exitCode = 1
}
