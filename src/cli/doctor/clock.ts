import { statSync } from 'node:fs'
import { ConfigError } from '../../errors.ts'
import { ok, problem, warning, type Finding } from './finding.ts'
import type { CheckContext } from './context.ts'
import type { Reached } from './reach.ts'

const MEND = 'let the machine follow a time server (NTP)'

/** How far (ms) clocks may be apart: the first is noticed, with the second tokens are refused. */
const [NOTICED, REFUSED] = [5_000, 60_000]

/** Whether the clock is right, as far as files, the issuer's own answers and the machine itself tell. */
export function checkClock(context: CheckContext, reached: Reached): readonly Finding[] {
  const findings = [futureFinding(context), issuerFinding(reached), jumpFinding()]
  const bad = findings.filter((finding) => finding !== undefined)
  return bad.length > 0 ? bad : [ok('the clock agrees with all that there is to compare it with')]
}

/** What was written later than now shows that the clock was set back, or that another machine's differs. */
function futureFinding({ store: { file }, loaded }: CheckContext): Finding | undefined {
  const files = file === undefined || file === ':memory:' ? [] : [file, `${file}-wal`]
  const written = files.map((path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0)
  const made = loaded instanceof ConfigError ? [] : [...loaded.signingKeys, ...loaded.secrets]
  const latest = Math.max(0, ...written, ...made.map(({ createdAt = 0 }) => createdAt))
  const ahead = latest - Date.now()
  if (ahead <= NOTICED) return undefined
  return problem(`database or keys were written ${seconds(ahead)} from now: the clock is late`, MEND)
}

function issuerFinding({ skew }: Reached): Finding | undefined {
  if (skew === undefined || Math.abs(skew) <= NOTICED) return undefined
  const text = `the clock is ${seconds(skew)} ${skew > 0 ? 'behind' : 'ahead of'} that of the issuer`
  return Math.abs(skew) > REFUSED ? problem(text, MEND) : warning(text, MEND)
}

/** Both clocks have run since the process began; the wall clock is the one that can be set. */
function jumpFinding(): Finding | undefined {
  const jump = Date.now() - (performance.timeOrigin + performance.now())
  if (Math.abs(jump) <= 1_000) return undefined
  return warning(`the clock was set by ${seconds(jump)} within the last seconds`, MEND)
}

const seconds = (time: number): string => `${Math.round(Math.abs(time) / 1000)} seconds`
