import express from 'express4'
import type { Mount } from '../../support/mount.ts'
import { mountIn } from './any-express.ts'

export const mount: Mount = mountIn(express)
