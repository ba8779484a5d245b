/** Consulate with 1,000,000 live revocations that were in the database before it started. */
import { REVOCATIONS, insertRevocations } from './parts/revocations.ts'
import type { Start } from '../target.ts'
import { startConsulate } from './consulate.ts'

export const start: Start = () =>
  startConsulate({ fillStore: (file) => insertRevocations(file, REVOCATIONS) })
