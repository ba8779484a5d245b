import type { Settings } from '../config/settings.ts'
import { pathsOf } from './paths.ts'

/** Logs once, with the fix, that a request missed its endpoint because of a prefix. */
export type PrefixWarning = (removedPrefix: string, path: string) => void

/** The longest part of a path that is logged, in characters. */
const MAX_LOGGED = 100

/** Creates the warning. `removedPrefix` is what a router of this process has removed, `path` is the rest. */
export function createPrefixWarning(
  settings: Pick<Settings, 'issuer' | 'basePath' | 'prefix' | 'logger'>,
  isEndpoint: (path: string) => boolean,
): PrefixWarning {
  let isLogged = false
  return (removedPrefix, path) => {
    if (isLogged) return
    const message = removedPrefix === '' ? proxyProblem(settings, path) : mountProblem(removedPrefix, path)
    if (message === undefined) return
    isLogged = true
    settings.logger.log('error', message)
  }

  function mountProblem(removedPrefix: string, path: string): string | undefined {
    const { issuer, basePath } = settings
    const mount = removedPrefix.slice(0, MAX_LOGGED)
    // Routers ignore case and our paths don't, so `/ID` is an unknown path and not a wrong mount.
    if (basePath !== '' && mount.toLowerCase() === basePath.toLowerCase()) return undefined
    if (!isEndpoint(path) && !isEndpoint(basePath + path)) return undefined
    const { origin } = new URL(issuer)
    const has = basePath === '' ? 'the issuer has no path' : `the path of the issuer is ${basePath}`
    const rest = basePath !== '' && isEndpoint(path) ? basePath : ''
    return `Mounted at ${mount}, but ${has}. Set issuer to ${origin}${mount}${rest}`
  }
}

/** Considers only paths that an app is unlikely to have itself, beside a server with another path. */
function proxyProblem(
  { basePath, prefix }: Pick<Settings, 'basePath' | 'prefix'>,
  path: string,
): string | undefined {
  const { authorize, token, jwks } = pathsOf({ basePath: '', prefix })
  if (basePath === '' || ![authorize, token, jwks].includes(path)) return undefined
  return `Received ${path} without the issuer's path ${basePath}. Forward the full path to the server`
}
