"""Accounts, repositories, issues and comments as the REST API shows them.

https://docs.github.com/rest (response schemas). Addresses of pages (`html_url`) point at the small
pages of the sandbox, so that they can be clicked.
"""

import base64

from bot.sandbox.github.model import Account, Comment, Hook, Issue, Json, Label, Repository
from bot.sandbox.github.times import iso

ACCOUNT_URLS = {
    "followers_url": "/followers",
    "following_url": "/following{/other_user}",
    "gists_url": "/gists{/gist_id}",
    "starred_url": "/starred{/owner}{/repo}",
    "subscriptions_url": "/subscriptions",
    "organizations_url": "/orgs",
    "repos_url": "/repos",
    "events_url": "/events{/privacy}",
    "received_events_url": "/received_events",
}
REPOSITORY_URLS = {
    "archive_url": "/{archive_format}{/ref}",
    "assignees_url": "/assignees{/user}",
    "blobs_url": "/git/blobs{/sha}",
    "branches_url": "/branches{/branch}",
    "collaborators_url": "/collaborators{/collaborator}",
    "comments_url": "/comments{/number}",
    "commits_url": "/commits{/sha}",
    "compare_url": "/compare/{base}...{head}",
    "contents_url": "/contents/{+path}",
    "contributors_url": "/contributors",
    "deployments_url": "/deployments",
    "downloads_url": "/downloads",
    "events_url": "/events",
    "forks_url": "/forks",
    "git_commits_url": "/git/commits{/sha}",
    "git_refs_url": "/git/refs{/sha}",
    "git_tags_url": "/git/tags{/sha}",
    "hooks_url": "/hooks",
    "issue_comment_url": "/issues/comments{/number}",
    "issue_events_url": "/issues/events{/number}",
    "issues_url": "/issues{/number}",
    "keys_url": "/keys{/key_id}",
    "labels_url": "/labels{/name}",
    "languages_url": "/languages",
    "merges_url": "/merges",
    "milestones_url": "/milestones{/number}",
    "notifications_url": "/notifications{?since,all,participating}",
    "pulls_url": "/pulls{/number}",
    "releases_url": "/releases{/id}",
    "stargazers_url": "/stargazers",
    "statuses_url": "/statuses/{sha}",
    "subscribers_url": "/subscribers",
    "subscription_url": "/subscription",
    "tags_url": "/tags",
    "teams_url": "/teams",
    "trees_url": "/git/trees{/sha}",
}
DEPENDENCIES = ("blocked_by", "total_blocked_by", "blocking", "total_blocking")
REACTIONS = ("+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes")


def node_id(kind: str, own: int) -> str:
    """The opaque GraphQL id."""
    return base64.b64encode(f"0{len(kind)}:{kind}{own}".encode()).decode()


class Render:
    """Turns objects into JSON; knows the addresses they are shown at."""

    def __init__(self, base_url: str) -> None:
        """`base_url` is the public base of this stand-in, without a slash at the end."""
        self.base = base_url.rstrip("/")

    def page(self, path: str) -> str:
        """The address of a page for people."""
        return f"{self.base}/ui/{path}"

    def account(self, account: Account) -> Json:
        """A user or organization, as other objects show it."""
        url = f"{self.base}/users/{account.login}"
        return {
            "login": account.login,
            "id": account.id,
            "node_id": node_id(account.type, account.id),
            "avatar_url": self.page(f"avatars/{account.login}.png"),
            "gravatar_id": "",
            "url": url,
            "html_url": self.page(account.login),
            **{name: url + tail for name, tail in ACCOUNT_URLS.items()},
            "type": account.type,
            "site_admin": False,
            "user_view_type": "public",
        }

    def profile(self, account: Account) -> Json:
        """A user as GET /users/{login} shows it: the e-mail is mostly null."""
        return self.account(account) | {
            "name": account.name or None,
            "company": None,
            "blog": "",
            "location": None,
            "email": None,
            "hireable": None,
            "bio": None,
            "twitter_username": None,
            "public_repos": 0,
            "public_gists": 0,
            "followers": 0,
            "following": 0,
            "created_at": "2020-01-01T00:00:00Z",
            "updated_at": "2020-01-01T00:00:00Z",
        }

    def organization(self, account: Account) -> Json:
        """An organization as GET /orgs/{org} and webhooks show it."""
        url = f"{self.base}/orgs/{account.login}"
        return {
            "login": account.login,
            "id": account.id,
            "node_id": node_id("Organization", account.id),
            "url": url,
            "repos_url": f"{url}/repos",
            "events_url": f"{url}/events",
            "hooks_url": f"{url}/hooks",
            "issues_url": f"{url}/issues",
            "members_url": f"{url}/members{{/member}}",
            "public_members_url": f"{url}/public_members{{/member}}",
            "avatar_url": self.page(f"avatars/{account.login}.png"),
            "description": None,
        }

    def url(self, repository: Repository, path: str = "") -> str:
        """The API address of something in a repository."""
        return f"{self.base}/repos/{repository.full_name}{path}"

    def html(self, repository: Repository, path: str = "") -> str:
        """The page of something in a repository."""
        return self.page(repository.full_name + path)

    def repository(self, repository: Repository, *, push: bool) -> Json:
        """A repository; `permissions` are those of the token that asks."""
        url = self.url(repository)
        tracked = [i for i in repository.issues.values() if i.state == "open" and not i.deleted]
        git = f"github.sandbox/{repository.full_name}.git"
        return {
            "id": repository.id,
            "node_id": node_id("Repository", repository.id),
            "name": repository.name,
            "full_name": repository.full_name,
            "owner": self.account(repository.owner),
            "private": repository.private,
            "html_url": self.html(repository),
            "description": repository.description,
            "fork": False,
            "url": url,
            **{name: url + tail for name, tail in REPOSITORY_URLS.items()},
            "git_url": f"git://{git}",
            "ssh_url": f"git@{git.replace('/', ':', 1)}",
            "clone_url": f"https://{git}",
            "svn_url": self.html(repository),
            "mirror_url": None,
            "homepage": None,
            "language": "Python",
            "license": None,
            "forks_count": 0,
            "forks": 0,
            "stargazers_count": 0,
            "watchers_count": 0,
            "watchers": 0,
            "subscribers_count": 0,
            "network_count": 0,
            "size": 1,
            "default_branch": repository.default_branch,
            "open_issues_count": len(tracked),
            "open_issues": len(tracked),
            "topics": [],
            "custom_properties": {},
            "has_issues": repository.has_issues,
            "has_projects": True,
            "has_wiki": True,
            "has_pages": False,
            "has_downloads": True,
            "has_discussions": False,
            "archived": False,
            "disabled": False,
            "visibility": "private" if repository.private else "public",
            "allow_forking": False,
            "is_template": False,
            "web_commit_signoff_required": False,
            "created_at": iso(repository.created_at),
            "updated_at": iso(repository.created_at),
            "pushed_at": iso(max((c.at for c in repository.commits.values()), default=None)),
            "permissions": {
                "admin": push,
                "maintain": push,
                "push": push,
                "triage": push,
                "pull": True,
            },
        }

    def label(self, repository: Repository, label: Label) -> Json:
        """A label."""
        return {
            "id": label.id,
            "node_id": node_id("Label", label.id),
            "url": self.url(repository, f"/labels/{label.name}"),
            "name": label.name,
            "color": label.color,
            "default": label.default,
            "description": label.description,
        }

    def reactions(self, url: str) -> Json:
        """No reactions yet."""
        return {"url": f"{url}/reactions", "total_count": 0} | dict.fromkeys(REACTIONS, 0)

    def issue(self, repository: Repository, issue: Issue) -> Json:
        """An issue. A pull request has the key `pull_request` in addition."""
        url = self.url(repository, f"/issues/{issue.number}")
        kind = "pull" if issue.pull else "issues"
        found: Json = {
            "url": url,
            "repository_url": self.url(repository),
            "labels_url": f"{url}/labels{{/name}}",
            "comments_url": f"{url}/comments",
            "events_url": f"{url}/events",
            "html_url": self.html(repository, f"/{kind}/{issue.number}"),
            "id": issue.id,
            "node_id": node_id("Issue", issue.id),
            "number": issue.number,
            "title": issue.title,
            "user": self.account(issue.user),
            "labels": [self.label(repository, label) for label in issue.labels],
            "state": issue.state,
            "locked": issue.locked,
            "assignee": self.account(issue.assignees[0]) if issue.assignees else None,
            "assignees": [self.account(one) for one in issue.assignees],
            "milestone": None,
            "comments": len(issue.comments),
            "created_at": iso(issue.created_at),
            "updated_at": iso(issue.updated_at),
            "closed_at": iso(issue.closed_at),
            "author_association": "MEMBER",
            "type": None,
            "active_lock_reason": issue.lock_reason,
            "sub_issues_summary": {"total": 0, "completed": 0, "percent_completed": 0},
            "issue_dependencies_summary": dict.fromkeys(DEPENDENCIES, 0),
            "body": issue.body,
            "closed_by": self.account(issue.closed_by) if issue.closed_by else None,
            "reactions": self.reactions(url),
            "timeline_url": f"{url}/timeline",
            "performed_via_github_app": None,
            "state_reason": issue.state_reason,
        }
        if issue.pull:
            found["draft"] = issue.pull.draft
            found["pull_request"] = {
                "url": self.url(repository, f"/pulls/{issue.number}"),
                "html_url": found["html_url"],
                "diff_url": f"{found['html_url']}.diff",
                "patch_url": f"{found['html_url']}.patch",
                "merged_at": iso(issue.pull.merged_at),
            }
        return found

    def comment(self, repository: Repository, issue: Issue, comment: Comment) -> Json:
        """A comment on an issue."""
        url = self.url(repository, f"/issues/comments/{comment.id}")
        kind = "pull" if issue.pull else "issues"
        page = self.html(repository, f"/{kind}/{issue.number}")
        return {
            "url": url,
            "html_url": f"{page}#issuecomment-{comment.id}",
            "issue_url": self.url(repository, f"/issues/{issue.number}"),
            "id": comment.id,
            "node_id": node_id("IssueComment", comment.id),
            "user": self.account(comment.user),
            "created_at": iso(comment.created_at),
            "updated_at": iso(comment.updated_at),
            "author_association": "MEMBER",
            "body": comment.body,
            "reactions": self.reactions(url),
            "performed_via_github_app": None,
        }

    def hook(self, repository: Repository, hook: Hook) -> Json:
        """A webhook; its secret is shown as stars."""
        url = self.url(repository, f"/hooks/{hook.id}")
        config = {
            "content_type": hook.content_type,
            "insecure_ssl": hook.insecure_ssl,
            "url": hook.url,
        } | ({"secret": "********"} if hook.secret else {})
        return {
            "type": "Repository",
            "id": hook.id,
            "name": "web",
            "active": hook.active,
            "events": list(hook.events),
            "config": config,
            "updated_at": iso(hook.updated_at),
            "created_at": iso(hook.created_at),
            "url": url,
            "test_url": f"{url}/test",
            "ping_url": f"{url}/pings",
            "deliveries_url": f"{url}/deliveries",
            "last_response": {"code": hook.last_code, "status": hook.last_status, "message": None},
        }
