import { QueryClientProvider } from "@tanstack/react-query";
import { Activity, lazy, Suspense, useEffect, useState } from "react";
import { Redirect, Route, Switch, useLocation } from "wouter";

import { TicketsPage } from "../pages/tickets/TicketsPage";
import { Empty, Failed, Loading } from "../shared/states";
import { Boundary } from "./Boundary";
import { LiveProvider } from "./live";
import { NotifyProvider } from "./notify";
import { queryClient } from "./queryClient";
import { SignedIn, useMe, type Person } from "./session";
import { Shell } from "./Shell";
import { ThemeProvider } from "./theme";

const SignIn = lazy(() => import("../pages/sign-in/SignIn"));
const Register = lazy(() => import("../pages/sign-in/Register"));
const TicketPage = lazy(() => import("../pages/ticket/TicketPage"));
const OverviewPage = lazy(() => import("../pages/overview/OverviewPage"));
const AuditPage = lazy(() => import("../pages/audit/AuditPage"));
const AdminPage = lazy(() => import("../pages/admin/AdminPage"));
const AccountPage = lazy(() => import("../pages/account/AccountPage"));

export function App() {
  return (
    <QueryClientProvider client={queryClient}>
      <ThemeProvider>
        <Boundary>
          <Switch>
            <Route path="/register">
              <Suspense fallback={<Loading what="the form" />}>
                <Register />
              </Suspense>
            </Route>
            <Route>
              <SignedInPages />
            </Route>
          </Switch>
        </Boundary>
      </ThemeProvider>
    </QueryClientProvider>
  );
}

/**
 * The pages, or the way in: the address stays, so that a link leads where it should after signing in. Where a session
 * ended the pages are hidden with all that was typed, and go on once the same person is back.
 */
function SignedInPages() {
  const me = useMe();
  const [last, setLast] = useState<Person>();
  const [location] = useLocation();
  if (me.isPending) return <Loading what="your account" />;
  if (me.isLoadingError) return <Failed what="Your account" error={me.error} retry={() => void me.refetch()} />;
  if (me.data && last && me.data.id !== last.id) return <LoadedAnew />;
  if (me.data && me.data !== last) setLast(me.data);
  const person = me.data ?? last;
  return (
    <>
      {!me.data && (
        <Suspense fallback={<Loading what="the form" />}>
          <SignIn ended={last} />
        </Suspense>
      )}
      {person && (
        <Activity key={person.id} mode={me.data ? "visible" : "hidden"}>
          <SignedIn value={person}>
            <NotifyProvider>
              <LiveProvider>
                <Shell>
                  <Boundary at={location}>
                    <Suspense fallback={<Loading what="the page" />}>
                      <Pages />
                    </Suspense>
                  </Boundary>
                </Shell>
              </LiveProvider>
            </NotifyProvider>
          </SignedIn>
        </Activity>
      )}
    </>
  );
}

/** What one person was shown, or typed, is not for the next, who may have signed in in another tab. */
function LoadedAnew() {
  useEffect(() => window.location.reload(), []);
  return <Loading what="the page" />;
}

function Pages() {
  return (
    <Switch>
      <Route path="/">
        <Redirect to="/tickets" replace />
      </Route>
      <Route path="/tickets" component={TicketsPage} />
      <Route path="/tickets/:id">{({ id }) => <TicketPage key={id} id={id} />}</Route>
      <Route path="/overview" component={OverviewPage} />
      <Route path="/audit" component={AuditPage} />
      <Route path="/admin/:part?">{({ part }) => <AdminPage part={part} />}</Route>
      <Route path="/account" component={AccountPage} />
      <Route>
        <Empty title="There is no such page">The address may be mistyped; the tickets are a click away, above.</Empty>
      </Route>
    </Switch>
  );
}
