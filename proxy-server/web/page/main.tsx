/** The dashboard: who asks, which view, and a token where the server wants one. */
import { render } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { JobView } from './job-view.js';
import { JobsView } from './jobs-view.js';
import { Problem } from './parts.js';
import { PoolView } from './pool-view.js';
import { QueriesView } from './queries-view.js';
import { token } from './server.js';
import { SiteView } from './site-view.js';
import { TokenBox } from './token-box.js';
import { useLogin } from './use-login.js';
import { hashOf, type Place, placeOf, VIEWS, type ViewProps, type Who } from './views.js';

function Page() {
  const place = usePlace();
  const { name, user, wanted, problem, leave, take } = useLogin();
  useEffect(() => {
    document.title = `${place.detail ?? place.view} · ${name === '' ? 'PROOF' : name}`;
  }, [place, name]);
  return (
    <>
      <Header name={name} place={place} user={user} onLeave={() => leave('You have left.')} />
      <main>
        <Problem why={problem} />
        {wanted !== undefined && <TokenBox why={wanted} onToken={take} />}
        {user !== undefined && <View place={place} who={user} onTokenWanted={leave} />}
      </main>
    </>
  );
}

function usePlace(): Place {
  const [place, setPlace] = useState(placeOf(location.hash));
  useEffect(() => {
    const moved = (): void => setPlace(placeOf(location.hash));
    addEventListener('hashchange', moved);
    return () => removeEventListener('hashchange', moved);
  }, []);
  return place;
}

function Header(props: { name: string; place: Place; user: Who | undefined; onLeave: () => void }) {
  const { name, place, user, onLeave } = props;
  return (
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
            <button type="button" onClick={onLeave}>
              Leave
            </button>
          )}
        </p>
      )}
    </header>
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
