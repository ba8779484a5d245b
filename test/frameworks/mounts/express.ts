import express from 'express'
import type { Mount } from '../../support/mount.ts'
import { mountIn } from '../express-app.ts'

export const mount: Mount = mountIn(express)
