import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'

export default defineConfig({
  plugins: [vue()],
  build: {
    outDir: 'dist/client',
    rolldownOptions: { input: 'client.ts', output: { entryFileNames: '[name].js' } },
  },
})
