import { createSSRApp } from 'vue'
import type { ViewProps } from 'consulate'
import Consent from './consent.vue'
import SignIn from './sign-in.vue'

/** One of the pages with its props, as it is sent to the browser. */
export type PageData =
  | { readonly page: 'SignIn'; readonly props: ViewProps['signIn'] }
  | { readonly page: 'Consent'; readonly props: ViewProps['consent'] }

const PAGES = { SignIn, Consent }

/** Creates the app of a page, on the server and in the browser. */
export const createPage = ({ page, props }: PageData) => createSSRApp(PAGES[page], { ...props })
