import { afterAll, describe, test } from 'vitest'
import { fuzzEndpoint, timeoutOf, titleOf } from './expectations.ts'
import { stopJobs } from './launch.ts'
import { readSettings } from './settings.ts'
import { namesOf, USER_TARGETS } from './targets.ts'

const settings = readSettings(process.env)
afterAll(stopJobs)

describe(titleOf(settings), { timeout: timeoutOf(settings) }, () => {
  test.each(namesOf(USER_TARGETS))(
    'never cause a 5xx, a hang or memory growth, and get nothing without valid credentials: %s',
    (target) => fuzzEndpoint(target, settings),
  )
})
