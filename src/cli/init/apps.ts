import type { AppTemplate } from './app-template.ts'
import type { Framework } from './choices.ts'
import { node } from './node-app.ts'

/** The app of each framework. */
export const APPS: Readonly<Record<Framework, AppTemplate>> = { node }
