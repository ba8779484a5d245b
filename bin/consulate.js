#!/usr/bin/env node
// Any Node may run this file. It has no static imports and no syntax newer than Node 12, because a SyntaxError would hide
// the message below.
const [major, minor] = process.versions.node.split('.').map(Number)

if (major > 24 || (major === 24 && minor >= 11)) {
  void import('./start.js')
} else {
  console.error('Consulate requires Node 24.11 or later. This is Node ' + process.versions.node + '.')
  process.exitCode = 1
}
