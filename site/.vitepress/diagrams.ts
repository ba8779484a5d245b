import type { MarkdownRenderer } from 'vitepress'

/** Passes Mermaid diagrams to the component that draws them. */
export function drawDiagrams(markdown: MarkdownRenderer): void {
  const { fence } = markdown.renderer.rules
  markdown.renderer.rules.fence = (tokens, index, ...rest) => {
    const token = tokens[index]
    if (token?.info.trim() !== 'mermaid') return fence?.(tokens, index, ...rest) ?? ''
    return `<FlowDiagram source="${encodeURIComponent(token.content)}" />`
  }
}
