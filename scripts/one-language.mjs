/** An esbuild plug-in: the schema library brings its messages in fifty languages, of which nobody is shown any but one. */
export const ONE_LANGUAGE = {
  name: 'one-language',
  setup(builder) {
    builder.onLoad({ filter: /zod\/v4\/locales\/index\.js$/ }, () => ({
      contents: "export { default as en } from './en.js';",
    }));
  },
};
