import { graphql } from 'relay-runtime';

// `me` has no id of its own: what hangs under it is fetched again from the root.
graphql`
  fragment Inbox_lines on Query
  @argumentDefinitions(count: { type: "Int", defaultValue: 20 }, cursor: { type: "String" })
  @refetchable(queryName: "InboxPaginationQuery") {
    me {
      unreadNotificationCount
      notifications(first: $count, after: $cursor) @connection(key: "Inbox_notifications") {
        edges {
          node {
            ...Inbox_line
          }
        }
      }
    }
  }
`;

graphql`
  fragment Inbox_line on Notification {
    id
    kind
    at
    readAt
    subject {
      __typename
      id
    }
  }
`;

graphql`
  query InboxQuery {
    ...Inbox_lines
  }
`;

graphql`
  mutation InboxMarkReadMutation($input: MarkNotificationsReadInput!) {
    markNotificationsRead(input: $input) {
      me {
        unreadNotificationCount
      }
      errors {
        code
        message
        path
      }
    }
  }
`;
