import { auth } from './current.ts'

/** Answers the paths of the server. */
export const proxy = (request: Request): unknown => auth().routes()(request)
