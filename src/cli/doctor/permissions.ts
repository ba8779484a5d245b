import { readdir, readFile, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { hasPrivateKey } from '../../keys/pem.ts'
import { ok, problem, warning, type Finding } from './finding.ts'
import type { CheckContext } from './context.ts'

/** Whether nobody but the server's account can read the secrets and the database. */
export async function checkPermissions(context: CheckContext): Promise<readonly Finding[]> {
  // Windows has no such modes: what it says of them means nothing.
  if (process.platform === 'win32') return []
  const paths = [...(await secretPaths(context)), ...databasePaths(context)]
  const found = (await Promise.all(paths.map(judge))).flat()
  const bad = found.filter(({ level }) => level !== 'ok')
  return bad.length > 0 ? bad : found.slice(0, 1)
}

async function secretPaths({ secrets: { directory } }: CheckContext): Promise<readonly string[]> {
  if (directory === undefined) return []
  const names = await readdir(directory).catch(() => [])
  const paths = names.filter((name) => SECRET.test(name)).map((name) => join(directory, name))
  const arePublic = await Promise.all(paths.map(isPublic))
  return [directory, ...paths.filter((_, index) => !arePublic[index])]
}

const SECRET = /^secret|\.(pem|key|txt)$|^keyring\.json$/

/** Certificates and public keys lie beside the private ones: everybody may read those. */
async function isPublic(path: string): Promise<boolean> {
  if (!/\.(pem|key)$/.test(path)) return false
  const text = await readFile(path, 'utf8').catch(() => undefined)
  return text !== undefined && !hasPrivateKey(text)
}

function databasePaths({ store: { file } }: CheckContext): readonly string[] {
  if (file === undefined || file === ':memory:') return []
  return [file, `${file}-wal`, `${file}-shm`, dirname(file)]
}

/** What others may do: 4 read, 2 write, 1 enter a folder. Who may write a folder can exchange what is in it. */
async function judge(path: string): Promise<readonly Finding[]> {
  const status = await stat(path).catch(() => undefined)
  if (!status) return []
  const isFolder = status.isDirectory()
  const who = whoCan(status.mode, isFolder ? 0o2 : 0o6)
  const text = `${who} can ${isFolder ? 'change what is in' : 'read'} ${path}`
  const mend = `chmod ${isFolder ? 'go-w' : '600'} ${path}`
  if (who === 'everybody on this machine') return [problem(text, mend)]
  if (who === 'the group') return [warning(text, mend)]
  return [ok('secrets and database are for the account of the server only')]
}

function whoCan(mode: number, what: number): 'everybody on this machine' | 'the group' | 'nobody else' {
  if ((mode & what) !== 0) return 'everybody on this machine'
  return (mode & (what << 3)) === 0 ? 'nobody else' : 'the group'
}
