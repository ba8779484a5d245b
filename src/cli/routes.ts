import { resolveSettings } from '../config/settings.ts'
import { routesOf } from '../endpoints/routes.ts'
import { print, printJson, table } from './output.ts'
import { requireIssuer, withProject } from './project.ts'

/** The flags of `consulate routes`. */
export interface RoutesOptions {
  readonly json?: boolean
}

/** `consulate routes`: lists every path that the server handles. Starts nothing. */
export const listRoutes = ({ json = false }: RoutesOptions): Promise<void> =>
  withProject(async (project) => {
    requireIssuer(project)
    const routes = routesOf(resolveSettings(project.config))
    if (json) return printJson(routes)
    const rows = routes.map(({ name, methods, path, cors }) => [name, methods.join(', '), path, cors])
    print(...table(['Name', 'Methods', 'Path', 'CORS'], rows))
  })
