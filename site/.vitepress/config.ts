import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { defineConfig } from 'vitepress'
import llmstxt from 'vitepress-plugin-llms'
import { drawDiagrams } from './diagrams.ts'
import { sidebarOf } from './sidebar.ts'

const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8')

/** A padlock, as on the server's own pages. */
const ICON = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="#2457c5"><path d="M7 10V7a5 5 0 0 1 10 0v3h1a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2v-8a2 2 0 0 1 2-2zm2 0h6V7a3 3 0 0 0-6 0z"/></svg>',
)}`

export default defineConfig({
  srcDir: 'generated',
  outDir: 'dist',
  title: 'Consulate',
  description: 'An OAuth 2 authorization server for TypeScript applications',
  cleanUrls: true,
  head: [['link', { rel: 'icon', href: ICON }]],
  markdown: { config: drawDiagrams },
  themeConfig: {
    search: { provider: 'local' },
    sidebar: sidebarOf(readme),
    outline: [2, 3],
    socialLinks: [{ icon: 'github', link: 'https://github.com/consulate-js/consulate' }],
  },
  vite: { plugins: [llmstxt()] },
})
