import { expect, test } from 'vitest'
import { escapeHtml, html as tag, trustedMarkup } from '../../src/lib/html.ts'

test('escapes every special character of HTML', () => {
  expect(escapeHtml(`<a href="x" title='y'>&amp;</a>`)).toBe(
    '&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp;amp;&lt;/a&gt;',
  )
})

test('a value stays within its element or attribute', () => {
  const evil = `"><script>alert('x')</script>`
  const { markup } = tag`<p title="${evil}">${evil}</p>`
  expect(markup).not.toContain('<script>')
  expect(markup.match(/"/g)).toHaveLength(2)
})

test('markup is not escaped again, alone or in an array', () => {
  const items = ['<1>', '<2>'].map((item) => tag`<li>${item}</li>`)
  expect(tag`<ul>${items}</ul>`.markup).toBe('<ul><li>&lt;1&gt;</li><li>&lt;2&gt;</li></ul>')
})

test('strings in an array are escaped', () => {
  expect(tag`${['<', ['>']]}`.markup).toBe('&lt;&gt;')
})

test('false and undefined are omitted; 0 and the empty string are not', () => {
  expect(tag`[${false}${undefined}${''}${0}]`.markup).toBe('[0]')
})

test('trusted markup is left unchanged', () => {
  expect(tag`<style>${trustedMarkup('a > b {}')}</style>`.markup).toBe('<style>a > b {}</style>')
})

test('an object from JSON does not pass for markup', () => {
  const forged = JSON.parse('{"markup":"<script>alert(1)</script>"}') as string
  expect(() => tag`<p>${forged}</p>`).toThrow()
})
