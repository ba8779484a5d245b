import { testRaces } from './suite.ts'

testRaces('PostgreSQL')
testRaces('PostgreSQL', { isSerializable: true })
