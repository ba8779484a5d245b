import { sampleOf } from '../../support/dose.ts'
import { testRaces } from './suite.ts'

for (const isSerializable of sampleOf([false, true])) testRaces('PostgreSQL', { isSerializable })
