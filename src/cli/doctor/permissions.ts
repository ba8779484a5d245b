import { existsSync } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { hasPrivateKey } from '../../keys/pem.ts'
import { displayPath } from '../config-error.ts'
import type { Project } from '../project.ts'
import { ok, problem, warning, type Finding } from './finding.ts'

/** Checks that only the server's account can read the secrets and the database, and replace them. */
export async function checkPermissions(project: Project): Promise<readonly Finding[]> {
  const exposed = await findExposedFiles(project)
  const files = [
    ...(existsSync(project.secrets.directory ?? '') ? ['the secrets'] : []),
    ...(existsSync(project.store.file ?? '') ? ['the database'] : []),
  ]
  if (exposed.length > 0 || files.length === 0 || process.platform === 'win32') return exposed
  return [ok(`only this account can read ${files.join(' and ')}`)]
}

/** Returns a finding for each file or directory that other accounts can read or replace. */
export async function findExposedFiles(project: Project): Promise<readonly Finding[]> {
  // Windows reports modes that mean nothing.
  if (process.platform === 'win32') return []
  const paths = [...(await secretPaths(project)), ...databasePaths(project)]
  return (await Promise.all(paths.map(checkMode))).filter((finding) => finding !== undefined)
}

async function secretPaths({ secrets: { directory } }: Project): Promise<readonly string[]> {
  if (directory === undefined) return []
  const names = await readdir(directory).catch(() => [])
  const paths = names.filter((name) => SECRET.test(name)).map((name) => join(directory, name))
  const arePublic = await Promise.all(paths.map(isPublic))
  return [directory, ...paths.filter((_, index) => !arePublic[index])]
}

const SECRET = /^secret|\.(pem|key|txt)$|^keyring\.json$/

/** Certificates and public keys may be beside the private keys. */
async function isPublic(path: string): Promise<boolean> {
  if (!/\.(pem|key)$/.test(path)) return false
  const text = await readFile(path, 'utf8').catch(() => undefined)
  return text !== undefined && !hasPrivateKey(text)
}

function databasePaths({ store: { file } }: Project): readonly string[] {
  if (file === undefined || file === ':memory:') return []
  return [file, `${file}-wal`, `${file}-shm`, dirname(file)]
}

const [READ_OR_WRITE, WRITE] = [0o6, 0o2]

/** Directories are checked too, because write access to one is enough to replace its files. */
async function checkMode(path: string): Promise<Finding | undefined> {
  const status = await stat(path).catch(() => undefined)
  if (!status) return undefined
  const isDirectory = status.isDirectory()
  const bits = isDirectory ? WRITE : READ_OR_WRITE
  const what = `${isDirectory ? 'replace files in' : 'read'} ${displayPath(path)}`
  const fix = `Run \`chmod ${isDirectory ? 'go-w' : '600'} ${quoted(displayPath(path))}\`.`
  if ((status.mode & bits) !== 0) return problem(`every account on this machine can ${what}`, fix)
  if ((status.mode & (bits << 3)) !== 0) return warning(`other accounts of the group can ${what}`, fix)
  return undefined
}

const quoted = (path: string): string =>
  /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`
