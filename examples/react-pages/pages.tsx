/** The pages, as React components. They run on the server and in the browser. */
import type { ViewProps } from 'consulate'
import { Consent } from './consent.tsx'
import { SignIn } from './sign-in.tsx'

/** One of the pages with its props, as it is sent to the browser. */
export type PageData =
  | { readonly page: 'SignIn'; readonly props: ViewProps['signIn'] }
  | { readonly page: 'Consent'; readonly props: ViewProps['consent'] }

export const Page = (data: PageData) =>
  data.page === 'SignIn' ? <SignIn {...data.props} /> : <Consent {...data.props} />
