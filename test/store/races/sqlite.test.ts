import { testRaces } from './suite.ts'

testRaces('SQLite')
