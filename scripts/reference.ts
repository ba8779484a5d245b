import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { filesBelow, ROOT } from '../test/house/repository.ts'
import { referencePages } from './reference/pages.ts'

// Writes the tables of docs/reference that are generated from the code. A check in test/house compares them.
for (const [path, text] of Object.entries(referencePages(filesBelow()))) writeFileSync(join(ROOT, path), text)
