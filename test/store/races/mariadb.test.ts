import { testRaces } from './suite.ts'

testRaces('MariaDB')
testRaces('MariaDB', { isSerializable: true })
