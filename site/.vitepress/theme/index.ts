import DefaultTheme from 'vitepress/theme'
import type { Theme } from 'vitepress'
import FlowDiagram from './flow-diagram.vue'
import './style.css'

export default {
  extends: DefaultTheme,
  enhanceApp({ app }) {
    app.component('FlowDiagram', FlowDiagram)
  },
} satisfies Theme
