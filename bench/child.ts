/** The process of a target: `node bench/child.ts floors/constant`, started by `launch.ts`. */
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

async function serve(name: string): Promise<void> {
  const { start } = (await import(`./${name}.ts`)) as { start: Start }
  const target = await start()
  process.on('message', (question: Question) => void reply(target, question).then(answer, fail))
  process.on('disconnect', () => void target.stop().finally(() => process.exit()))
  answer({ ready: { port: target.port, terms: target.terms ?? '' } })
}

// Ctrl-C also reaches this process. It stops when the bench exits, and then deletes its files.
process.on('SIGINT', () => undefined)
await serve(process.argv[2] ?? '').catch(fail)
