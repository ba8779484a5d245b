import { fuzzTarget } from './fuzz-target.ts'
import { flood } from './flood.ts'
import type { Job, JobMessage } from './job.ts'

/** The process of one job: gets it as its argument, reports progress and finally the report. */
const send = (message: JobMessage): void => void process.send?.(message)

// Without a parent nothing reads the report.
process.once('disconnect', () => process.exit())

const job = JSON.parse(process.argv[2] ?? '') as Job
const progress = (done: number): void => send({ done })
send({ report: await (job.target === 'flood' ? flood(job, progress) : fuzzTarget(job, progress)) })
process.disconnect()
