import { fuzzTarget } from './fuzz-target.ts'
import { flood } from './flood.ts'
import type { Job, JobMessage } from './job.ts'

const send = (message: JobMessage): void => void process.send?.(message)
const progress = (done: number): void => send({ done })

// The process of all jobs: gets them one by one, and reports progress and finally the report of each.
process.on('message', (job: Job) => {
  const reporting = job.target === 'flood' ? flood(job, progress) : fuzzTarget(job, progress)
  void reporting.then((report) => send({ report }))
})
// Without a parent nothing reads the reports.
process.once('disconnect', () => process.exit())
