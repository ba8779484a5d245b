import { statSync } from 'node:fs'
import { ConfigError } from '../../errors.ts'
import { CLOCK_TOLERANCE } from '../../lib/clock.ts'
import { ok, problem, warning, type Finding } from './finding.ts'
import type { CheckContext } from './context.ts'
import type { IssuerResponse } from './issuer.ts'

const FIX = 'Synchronize the clock with a time server (NTP).'

/** Differences (ms) that are reported, and that users notice. */
const [WARNING_ABOVE, PROBLEM_ABOVE] = [5_000, CLOCK_TOLERANCE]

/** Compares the clock with the dates of the database and the keys, and with the issuer's clock. */
export function checkClock(context: CheckContext, { skew }: IssuerResponse): readonly Finding[] {
  const database = databaseTime(context)
  const keys = keyTime(context)
  const findings = [futureFinding(Math.max(database ?? 0, keys ?? 0)), issuerFinding(skew), jumpFinding()]
  const bad = findings.filter((finding) => finding !== undefined)
  if (bad.length > 0) return bad
  const compared = Object.entries({ database, keys, issuer: skew }).filter(([, time]) => time !== undefined)
  return [
    ok(
      compared.length > 0
        ? `in sync (${compared.map(([name]) => name).join(', ')})`
        : 'nothing to compare it with',
    ),
  ]
}

/** Returns when an embedded database was last written to. */
function databaseTime({ store: { file } }: CheckContext): number | undefined {
  const files = file === undefined || file === ':memory:' ? [] : [file, `${file}-wal`]
  const times = files.map((path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs)
  return latest(times)
}

function keyTime({ loaded }: CheckContext): number | undefined {
  const keys = loaded instanceof ConfigError ? [] : [...loaded.signingKeys, ...loaded.secrets]
  return latest(keys.map(({ createdAt }) => createdAt))
}

function latest(times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((time) => time !== undefined)
  return known.length > 0 ? Math.max(...known) : undefined
}

/** A date in the future means that the clock was set back, or that another machine's clock differs. */
function futureFinding(written: number): Finding | undefined {
  const ahead = written - Date.now()
  if (ahead <= WARNING_ABOVE) return undefined
  return problem(`behind: the database or the keys were written ${seconds(ahead)} in the future`, FIX)
}

function issuerFinding(skew: number | undefined): Finding | undefined {
  if (skew === undefined || Math.abs(skew) <= WARNING_ABOVE) return undefined
  const message = `${seconds(skew)} ${skew > 0 ? 'behind' : 'ahead of'} the issuer`
  return Math.abs(skew) > PROBLEM_ABOVE ? problem(message, FIX) : warning(message, FIX)
}

/** Compares the clock, which can be set, with the time that has passed since the process started. */
function jumpFinding(): Finding | undefined {
  const jump = Date.now() - (performance.timeOrigin + performance.now())
  if (Math.abs(jump) <= 1_000) return undefined
  return warning(`set by ${seconds(jump)} while this command ran`, FIX)
}

const seconds = (time: number): string => `${Math.round(Math.abs(time) / 1000)} seconds`
