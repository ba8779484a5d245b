import { sampleOf } from '../../support/dose.ts'
import { MYSQL_SERVERS } from '../../support/mysql.ts'
import { testRaces } from './suite.ts'

for (const { name } of MYSQL_SERVERS)
  for (const isSerializable of sampleOf([false, true])) testRaces(name, { isSerializable })
