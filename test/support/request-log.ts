import type { TestServer } from './server.ts'

/** Returns the newest line of the log that is about a request, or an empty string. A server's own jobs log lines at any time. */
export const lastRequestLine = ({ logs }: Pick<TestServer, 'logs'>): string =>
  logs.findLast((line) => line.includes('"requestId"')) ?? ''
