/* Which screen is at which path. A screen is loaded when it is gone to. */

import { Suspense, useEffect, useRef, useSyncExternalStore, type ComponentType } from "react";
import { Redirect, Route, Switch, useLocation } from "wouter";
import { credential, onCredentialChanged } from "./api/credential";
import { Failure } from "./api/client";
import { useMe } from "./api/me";
import { portalId } from "./api/portal";
import { queries } from "./api/query";
import { Frame, type FrameState } from "./frame/Frame";
import { hasPage } from "./frame/page";
import { later } from "./parts/later";
import { letGo } from "./parts/unsaved";
import { Boundary } from "./parts/boundary";
import { Refused } from "./parts/failure";
import { showWhole } from "./parts/whole";
import { prefer, preferences } from "./parts/preferences";
import { Ghosts } from "./parts/small";
import { NoPage } from "./screens/NoPage";

const Portal = later(() => import("./screens/portal/Portal"));
const doors: Record<string, ComponentType> = {
	"/sign-in": later(() => import("./screens/SignIn")),
	"/invitation": later(() => import("./screens/Invitation")),
	"/reset": later(() => import("./screens/Reset")),
};
const SignInAgain = later(() => import("./screens/SignInAgain"));
const Organization = later(() => import("./screens/organization/Organization"));

export interface ScreenProps extends FrameState {
	params: Record<string, string | undefined>;
}

const screens: [path: string, screen: ComponentType<ScreenProps>][] = [
	["/organizations", later(() => import("./screens/Organizations"))],
	["/organizations/:id/*?", Organization],
	["/people", later(() => import("./screens/People"))],
	["/people/:id", later(() => import("./screens/Person"))],
	["/deliveries", later(() => import("./screens/Deliveries"))],
	["/events/:id?", later(() => import("./screens/Events"))],
	["/keys", later(() => import("./screens/Keys"))],
	["/find", later(() => import("./screens/Find"))],
	["/account/:part?", later(() => import("./screens/Account"))],
];

export function Console() {
	const [path] = useLocation();
	const Door = portalId ? Portal : Object.hasOwn(doors, path) ? doors[path] : undefined;
	return (
		<Boundary at={path}>
			<Suspense fallback={null}>{Door ? <Door /> : <Signed />}</Suspense>
		</Boundary>
	);
}

/** The pages of who has signed in; the door for everybody else. */
function Signed() {
	const me = useMe();
	const [path] = useLocation();
	const state = useSyncExternalStore(credential.subscribe, credential.read);
	const nobody = me.error instanceof Failure && me.error.status === 401 && !me.data;
	useEffect(() => {
		if (me.data) showWhole();
	}, [me.data]);
	// The cookie may be somebody else's by now, by another window: nothing of before is for them, and nothing is done in their name unseen.
	const { refetch } = me;
	useEffect(() => onCredentialChanged(() => void refetch()), [refetch]);
	const first = useRef<string>(undefined);
	const who = me.data?.data.id;
	useEffect(() => {
		if (who && first.current && first.current !== who) {
			letGo();
			queries.clear();
			prefer({ last: undefined });
			location.assign("/console/");
		}
		first.current = who ?? first.current;
	}, [who]);
	if (nobody) {
		const to = path + location.search;
		return <Redirect to={to === "/" ? "/sign-in" : `/sign-in?to=${encodeURIComponent(to)}`} replace />;
	}
	if (me.error && !me.data) {
		return (
			<main className="page">
				<Refused error={me.error} again={() => void me.refetch()} />
			</main>
		);
	}
	return (
		<>
			<Frame>
				{(frame) => (
					<Boundary at={path}>
						<Suspense
							fallback={
								<div className="page">
									<Ghosts />
								</div>
							}
						>
							<Switch>
								{!hasPage() && (
									<Route>
										<NoPage />
									</Route>
								)}
								<Route path="/">
									<Redirect to={preferences().last ? `/organizations/${preferences().last}` : "/organizations"} replace />
								</Route>
								{screens.map(([at, Screen]) => (
									<Route key={at} path={at}>
										{(params) => <Screen {...frame} params={params as Record<string, string | undefined>} />}
									</Route>
								))}
								<Route>
									<NoPage />
								</Route>
							</Switch>
						</Suspense>
					</Boundary>
				)}
			</Frame>
			{state === "ended" && me.data && (
				<Suspense fallback={null}>
					<SignInAgain who={me.data.data} />
				</Suspense>
			)}
		</>
	);
}
