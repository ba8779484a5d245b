import express from 'express'
import type { Mount } from '../../support/mount.ts'
import { mountIn } from './any-express.ts'

export const mount: Mount = mountIn(express)
