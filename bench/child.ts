/**
 * The process of a target, started by `launch.ts`: `node bench/child.ts floors/constant`, or one of several in a file,
 * `node bench/child.ts frameworks/express:bare`.
 */
import type { Answer, Question, Start, Target } from './target.ts'

const answer = (message: Answer): void => void process.send?.(message)

/** A missing package is not a failure, because the packages of peers are installed separately. */
function fail(error: unknown): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  const isNotInstalled = text.includes('[ERR_MODULE_NOT_FOUND]') && text.includes('Cannot find package')
  answer({
    failed: text.includes('[ERR_MODULE_NOT_FOUND]') ? (text.split('\n')[0] ?? '') : text,
    isNotInstalled,
  })
}

async function reply(target: Target, question: Question): Promise<Answer> {
  if ('cpu' in question) return { cpu: usedMicroseconds() }
  if ('startAgain' in question) return { started: (await target.startAgain?.()) ?? Number.NaN }
  if ('stop' in question) return target.stop().then(() => ({ stopped: true }))
  const requests = await target.prepare(question.prepare.scenario, question.prepare.count)
  return { requests }
}

function usedMicroseconds(): number {
  const { user, system } = process.cpuUsage()
  return user + system
}

interface TargetFile {
  readonly start?: Start
  readonly variants?: Readonly<Record<string, Start>>
}

async function serve(name: string): Promise<void> {
  const [file, variant] = name.split(':')
  const { start, variants } = (await import(`./${file}.ts`)) as TargetFile
  const target = await (variant === undefined ? start : variants?.[variant])?.()
  if (!target) throw new Error(`${name} does not exist`)
  process.on('message', (question: Question) => void reply(target, question).then(answer, fail))
  process.on('disconnect', () => void target.stop().finally(() => process.exit()))
  answer({ ready: { port: target.port, terms: target.terms ?? '' } })
}

// Ctrl-C also reaches this process. It stops when the bench exits, and then deletes its files.
process.on('SIGINT', () => undefined)
await serve(process.argv[2] ?? '').catch(fail)
