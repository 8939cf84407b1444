/** Asks for a token. It stays in this tab, and goes to this server alone. */
import { useState } from 'preact/hooks';

export function TokenBox({ why, onToken }: { why: string; onToken: (token: string) => void }) {
  const [text, setText] = useState('');
  const submit = (event: Event): void => {
    event.preventDefault();
    if (text.trim() !== '') onToken(text.trim());
  };
  return (
    <form class="token" onSubmit={submit}>
      <p role="alert">{why}</p>
      <label>
        Token{' '}
        <input
          type="password"
          autocomplete="off"
          spellcheck={false}
          value={text}
          onInput={({ currentTarget }) => setText(currentTarget.value)}
        />
      </label>
      <button type="submit">Enter</button>
      <p class="none">
        The one that "proof login" keeps beside your configuration, or one of "proof token create". It stays in this
        tab, until you close it.
      </p>
    </form>
  );
}
