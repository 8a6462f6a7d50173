import { defineConfig } from 'vitest/config'

// Units, laws and virtual-time scenarios. The end-to-end stories have their own configuration (vitest.e2e.config.ts).
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/e2e/**', 'node_modules/**'],
    testTimeout: 20_000,
    pool: 'forks',
    maxWorkers: 2,
  },
})
