import { expect, test } from 'vitest'
import { referencePages } from '../../scripts/reference/pages.ts'
import { filesBelow } from './repository.ts'

const files = filesBelow()

test.each(Object.entries(referencePages(files)))(
  '%s matches the code. `npm run docs:reference` updates it',
  (path, text) => {
    expect(files[path]).toBe(text)
  },
)
