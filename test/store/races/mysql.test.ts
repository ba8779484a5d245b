import { testRaces } from './suite.ts'

testRaces('MySQL')
testRaces('MySQL', { isSerializable: true })
