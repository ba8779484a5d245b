import type { DefaultTheme } from 'vitepress'
import { pageOf } from '../pages.ts'

const ROW = /^\| (?<name>[^|]+) \| (?<pages>[^|]+) \|$/
const LINK = /\[(?<text>[^\]]+)\]\((?<path>[^)]+)\)/g

/** Returns the sidebar: the table of the documentation in the README, a group for each row. */
export function sidebarOf(readme: string): DefaultTheme.SidebarItem[] {
  const [, table = ''] = readme.split('## Documentation')
  return table
    .split('\n')
    .map((line) => ROW.exec(line)?.groups)
    .filter((row) => row !== undefined)
    .flatMap(({ name = '', pages = '' }) => {
      const links = linksIn(pages)
      const own = linksIn(name)
      if (own.length > 0) return own.map(capitalized)
      return links.length > 0 ? [{ text: name, collapsed: true, items: links.map(capitalized) }] : []
    })
}

const linksIn = (cell: string): readonly { text: string; link: string }[] =>
  [...cell.matchAll(LINK)].flatMap(({ groups: { text = '', path = '' } = {} }) => {
    const link = pageOf(path)
    return link === undefined ? [] : [{ text, link: `/${link}` }]
  })

const capitalized = ({ text, link }: { text: string; link: string }): { text: string; link: string } => ({
  text: text.charAt(0).toUpperCase() + text.slice(1),
  link,
})
