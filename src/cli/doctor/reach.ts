import { pathsOf } from '../../endpoints/paths.ts'
import { ok, problem, reasonOf, warning, type Finding } from './finding.ts'
import type { CheckContext } from './context.ts'

/** What the issuer has answered from here. */
export interface Reached {
  readonly findings: readonly Finding[]
  /** How far (ms) its clock is ahead of ours, to a second; undefined where it told no time. */
  readonly skew: number | undefined
}

/** How long (ms) an answer is waited for. */
const PATIENCE = 3_000

/** Asks the issuer for its metadata, as clients do, to see that it is this server that answers there. */
export async function reachIssuer({ config: { issuer }, settings }: CheckContext): Promise<Reached> {
  if (!settings || !URL.canParse(issuer)) return { findings: [], skew: undefined }
  const url = new URL(pathsOf(settings).metadata, issuer).href
  try {
    const asked = Date.now()
    const response = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(PATIENCE) })
    const skew = skewOf(response.headers.get('date'), asked)
    return { findings: [await metadataFinding(response, url, issuer)], skew }
  } catch (cause) {
    return {
      findings: [ok(`${url} cannot be asked from here now: ${networkReason(cause)}`)],
      skew: undefined,
    }
  }
}

/** The header counts whole seconds: what is within one of them, or within the time of the answer, is no difference. */
function skewOf(date: string | null, asked: number): number | undefined {
  const told = Date.parse(date ?? '')
  if (Number.isNaN(told)) return undefined
  if (told > Date.now()) return told - Date.now()
  return Math.min(0, told + 1000 - asked)
}

async function metadataFinding(response: Response, url: string, issuer: string): Promise<Finding> {
  const mend = 'let what stands in front of the server hand on its whole paths: `consulate routes` lists them'
  if (!response.ok) {
    await response.body?.cancel()
    return warning(`${url} answers ${response.status}`, mend)
  }
  const body = (await response.json().catch(() => ({}))) as { readonly issuer?: unknown }
  if (body.issuer === issuer) return ok(`${issuer} answers, as itself`)
  return problem(`${url} is not the metadata of ${issuer}`, mend)
}

/** `fetch` says only that it failed; what it was stands below. */
const networkReason = (cause: unknown): string =>
  reasonOf(cause instanceof Error && cause.cause !== undefined ? cause.cause : cause)
