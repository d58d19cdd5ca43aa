from django.contrib import admin
from django.urls import path
from rest_framework_simplejwt.views import TokenObtainPairView, TokenRefreshView, TokenVerifyView

from members import views

urlpatterns = [
    path("", views.home),
    path("login", views.login_page),
    path("api/orders", views.orders),
    path("admin/", admin.site.urls),
    # The sign-in routes: what moves.
    path("user/session_signin", views.session_signin),
    path("user/session_signout", views.session_signout),
    path("api/token/", TokenObtainPairView.as_view()),
    path("api/token/refresh/", TokenRefreshView.as_view()),
    path("api/token/verify/", TokenVerifyView.as_view()),
]
