/// <reference types="node" preserve="true" />

// Every entry point of the package imports this file first, so that an old Node fails with one sentence. No module that
// they load may import by name what old versions lack (`argon2` of node:crypto, all of node:sqlite): such an import fails
// before any code runs.

const REQUIRED = { major: 24, minor: 11 } as const

/** Returns what is wrong with a version of Node, or undefined. */
export function nodeVersionProblem(version: string): string | undefined {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const isSupported = major > REQUIRED.major || (major === REQUIRED.major && minor >= REQUIRED.minor)
  if (isSupported) return undefined
  return `Consulate needs Node ${REQUIRED.major}.${REQUIRED.minor} or later; this is Node ${version}.`
}

// Bun and Deno report the version of Node that they imitate.
const { node, bun, deno } = process.versions
const problem = bun || deno ? undefined : nodeVersionProblem(node)
if (problem !== undefined) throw new Error(problem)
