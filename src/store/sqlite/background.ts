import { Worker, type WorkerOptions } from 'node:worker_threads'
import type { CompiledQuery, QueryResult } from 'kysely'
import type { BackgroundConnection } from '../sql/dialect.ts'

/** How long (ms) an unused thread is kept. */
const IDLE_TIME = 10_000

/** Deleted rows after which the log is written back to the file. Each changes about seven pages. */
const CHECKPOINT_ROWS = 256

/**
 * The program of the thread. It is text, so that no bundler has to find it. It does not create a missing file, and opens
 * the file again after it was replaced.
 */
const PROGRAM = `
const { accessSync, statSync } = require('node:fs')
const { DatabaseSync } = require('node:sqlite')
const { parentPort, workerData: path } = require('node:worker_threads')

let database, inode, changes = 0
let statements = new Map()

function close() {
  statements = new Map()
  if (database) database.close()
  database = undefined
}

function open() {
  if (database && statSync(path).ino === inode) return
  close()
  accessSync(path)
  database = new DatabaseSync(path, { timeout: 1000 })
  database.exec('pragma synchronous = normal; pragma wal_autocheckpoint = 0; pragma cache_size = -8000')
  inode = statSync(path).ino
}

function run({ sql, parameters }) {
  open()
  if (!statements.has(sql)) statements.set(sql, database.prepare(sql))
  const statement = statements.get(sql)
  if (statement.columns().length > 0) return { rows: statement.all(...parameters) }
  const affected = statement.run(...parameters).changes
  changes += affected
  return { rows: [], numAffectedRows: BigInt(affected) }
}

// Not within a commit: then all writers would have to wait for it.
function checkpoint() {
  if (!database || changes < ${CHECKPOINT_ROWS}) return
  changes = 0
  database.exec('pragma wal_checkpoint(passive)')
}

parentPort.on('message', (query) => {
  if (query === 'close') {
    close()
    return parentPort.close()
  }
  const start = performance.now()
  try {
    const result = run(query)
    parentPort.postMessage({ result, duration: performance.now() - start })
    checkpoint()
  } catch (error) {
    close()
    const { message, code, errcode, syscall } = error
    parentPort.postMessage({ message, fields: { code, ...(errcode && { errcode }), ...(syscall && { syscall }) } })
  }
})
`

/** Without the flags of the process, which can load an instrumentation or a compiler, and without its environment. */
const threadOptions = (path: string): WorkerOptions => ({
  eval: true,
  workerData: path,
  execArgv: [],
  env: {},
  name: 'consulate',
})

type Answer =
  | { readonly result: QueryResult<unknown>; readonly duration: number }
  | { readonly message: string; readonly fields: Readonly<Record<string, unknown>> }

/** Returns false if Node runs with `--permission` and without `--allow-worker`. */
export const canUseThreads = (): boolean => process.permission?.has('worker') ?? true

/** A thread that runs queries. */
export interface BackgroundThread extends BackgroundConnection {
  /** Waits for earlier queries, and ends the thread. */
  close(): Promise<void>
}

/**
 * Runs queries in a thread with its own connection, so that deleting many rows and the checkpoints that follow do not block
 * the event loop. The thread starts with the first query and ends when it is idle.
 */
export function createBackground(path: string): BackgroundThread {
  let worker: Worker | undefined
  let idle: NodeJS.Timeout | undefined
  let queue: Promise<unknown> = Promise.resolve()
  let isClosed = false
  let workTime = 0

  function stop(): Promise<unknown> {
    clearTimeout(idle)
    const stopped = worker
    worker = undefined
    if (!stopped) return Promise.resolve()
    const end = new Promise((resolve) => stopped.once('exit', resolve))
    stopped.ref()
    stopped.postMessage('close', [])
    return end
  }

  async function run<Row>({ sql, parameters }: CompiledQuery<Row>): Promise<QueryResult<Row>> {
    if (isClosed) throw new Error('The database is closed')
    clearTimeout(idle)
    worker ??= new Worker(PROGRAM, threadOptions(path))
    const current = worker
    current.ref()
    try {
      return (await ask(current, { sql, parameters })) as QueryResult<Row>
    } finally {
      current.unref()
      if (worker === current) idle = setTimeout(() => void stop(), IDLE_TIME).unref()
    }
  }

  async function ask(to: Worker, query: Pick<CompiledQuery, 'sql' | 'parameters'>): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
    const fail = (error: unknown): void => {
      worker = undefined
      reject(error instanceof Error ? error : new Error('The thread of the database has ended'))
    }
    to.once('message', resolve).once('error', fail).once('exit', fail)
    try {
      to.postMessage(query, [])
      const answer = await promise
      if ('result' in answer) {
        workTime += answer.duration
        return answer.result
      }
      throw Object.assign(new Error(answer.message), answer.fields)
    } finally {
      to.off('message', resolve).off('error', fail).off('exit', fail)
    }
  }

  /** One query at a time. */
  function enqueue<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = queue.then(work)
    queue = result.catch(() => undefined)
    return result
  }

  return {
    run: (query) => enqueue(() => run(query)),
    workTime: () => workTime,
    async close() {
      isClosed = true
      await enqueue(stop)
    },
  }
}
