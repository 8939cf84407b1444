/** The dashboard: who asks, which view, and a token where the server wants one. */
import { render } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { serverInfo, whoami } from '../../../protocol/api.js';
import { JobView } from './job-view.js';
import { JobsView } from './jobs-view.js';
import { Problem } from './parts.js';
import { PoolView } from './pool-view.js';
import { QueriesView } from './queries-view.js';
import { ask, TokenWanted, token } from './server.js';
import { SiteView } from './site-view.js';
import { TokenBox } from './token-box.js';
import { hashOf, type Place, placeOf, VIEWS, type ViewProps, type Who } from './views.js';

function Page() {
  const [place, setPlace] = useState(placeOf(location.hash));
  const [name, setName] = useState('');
  const [user, setUser] = useState<Who>();
  const [wanted, setWanted] = useState<string>();
  const [problem, setProblem] = useState<string>();
  const [tries, setTries] = useState(0);
  useEffect(() => {
    const moved = (): void => setPlace(placeOf(location.hash));
    addEventListener('hashchange', moved);
    return () => removeEventListener('hashchange', moved);
  }, []);
  useEffect(() => {
    const told = (error: Error): void => {
      if (error instanceof TokenWanted) setWanted(error.message);
      else
        setProblem(
          error instanceof TypeError ? 'The ProxyServer does not answer. Load the page again.' : error.message,
        );
    };
    ask(serverInfo, 'info').then((info) => setName(info.name), told);
    ask(whoami, 'whoami').then((found) => {
      setUser(found);
      setWanted(undefined);
      setProblem(undefined);
    }, told);
  }, [tries]);
  useEffect(() => {
    document.title = `${place.detail ?? place.view} · ${name === '' ? 'PROOF' : name}`;
  }, [place, name]);

  const leave = (why: string): void => {
    token.forget();
    setUser(undefined);
    setWanted(why);
  };
  const take = (text: string): void => {
    token.set(text);
    setTries(tries + 1);
  };
  return (
    <>
      <header>
        <h1>
          PROOF on the Grid <small>{name}</small>
        </h1>
        <nav>
          {VIEWS.map((view) => (
            <a key={view} href={hashOf({ view, detail: null })} aria-current={place.view === view ? 'page' : undefined}>
              {view}
            </a>
          ))}
        </nav>
        {user !== undefined && (
          <p class="who">
            {user.user}
            {user.role === 'user' ? '' : `, ${user.role}`}
            {token.get() !== null && (
              <button type="button" onClick={() => leave('You have left.')}>
                Leave
              </button>
            )}
          </p>
        )}
      </header>
      <main>
        <Problem why={problem} />
        {wanted !== undefined && <TokenBox why={wanted} onToken={take} />}
        {user !== undefined && <View place={place} who={user} onTokenWanted={leave} />}
      </main>
    </>
  );
}

function View({ place: { view, detail }, ...props }: ViewProps & { place: Place }) {
  switch (view) {
    case 'pool':
      return detail === null ? <PoolView {...props} /> : <SiteView {...props} site={detail} key={detail} />;
    case 'queries':
      return <QueriesView {...props} query={detail} />;
    case 'jobs':
      return detail === null ? <JobsView {...props} /> : <JobView {...props} job={detail} key={detail} />;
  }
}

render(<Page />, document.getElementById('page')!);
