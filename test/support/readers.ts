import { spawn, spawnSync } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { isAvailable } from './available.ts'
import type { TestRedis } from './redis.ts'

/** A program in another language that checks tokens with the help of Redis. */
export interface Reader {
  readonly name: string
  /** Returns a line for each token: the `sub` of a valid one, otherwise the problem. */
  check(redis: TestRedis, issuer: string, tokens: readonly string[]): Promise<readonly string[]>
}

const python: Reader = {
  name: 'Python',
  check: (redis, issuer, tokens) =>
    run('/usr/bin/python3', ['examples/readers/revocations.py', issuer, issuer, redis.url], tokens),
}

/** Verifies no signatures, so it gets the claims. */
const php: Reader = {
  name: 'PHP',
  check: ({ port }, _, tokens) =>
    run('php', ['examples/readers/revocations.php', '127.0.0.1', String(port)], tokens.map(claimsOf)),
}

const claimsOf = (token: string): string =>
  Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')

/** The readers whose language is installed with its libraries. With `CI=true`, all must be. */
export const readers: readonly Reader[] = [
  find(python, '/usr/bin/python3', ['-c', 'import cryptography, jwt, redis'], 'python3-redis python3-jwt'),
  find(php, 'php', ['-r', 'exit((int) !extension_loaded("redis"));'], 'php-cli php-redis'),
].filter((reader) => reader !== undefined)

function find(
  reader: Reader,
  command: string,
  check: readonly string[],
  packages: string,
): Reader | undefined {
  const isPresent = spawnSync(command, [...check]).status === 0
  const advice = `${reader.name} was not found. Run \`apt-get install ${packages}\`.`
  if (!isPresent && process.env['CI'] === 'true') throw new Error(advice)
  return isAvailable(isPresent, `${advice} Its tests are skipped.`) ? reader : undefined
}

async function run(
  command: string,
  args: readonly string[],
  lines: readonly string[],
): Promise<readonly string[]> {
  const child = spawn(command, [...args], { stdio: ['pipe', 'pipe', 'inherit'] })
  child.stdin.end(lines.map((line) => `${line}\n`).join(''))
  const output = await text(child.stdout)
  return output.trimEnd().split('\n')
}
